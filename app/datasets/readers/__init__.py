"""Readers: JSON bodies and CSV, XLSX, Parquet, JSON and GeoJSON files become tables and faults."""
