"""What plugins may bring: the hooks, their manager, and what they must return.

`hookspecs` has the hooks, `manager` calls them. The protocols are `importer.Importer`, `networks`
(networks on disk), `track_writer` (views of tracks) and `writer` (annotated variants); those of
adapters and backends are in `scoring`.
"""
