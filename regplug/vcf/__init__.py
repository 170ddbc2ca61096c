"""Variants in, annotated variants out: records, the loop, writers, tables, provenance."""
