"""Files out: tables as CSV, XLSX and Parquet, export bundles, and the printed report."""
