"""The pipeline that finds alignments and proves how good they are, one step a file."""
