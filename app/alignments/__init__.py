"""Complete alignments: what a job, an import or an edit made, and everything that is read from them."""
