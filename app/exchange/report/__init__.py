"""The printed report of one alignment: one self-contained HTML page with maps and charts."""
