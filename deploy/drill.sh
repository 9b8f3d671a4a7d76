#!/bin/sh
# Rehearse a restore, for cron: back up, restore elsewhere, examine; prints figures, and fails loudly.
# SQLite: nothing to set but TERRITORY_DATA_DIR. Postgres: TERRITORY_DATABASE_URL, and DRILL_URL, a server's address
# without a database name at the end, such as postgresql://territory@host:5432; needs psql, pg_dump and pg_restore.
set -eu
case "${TERRITORY_DATABASE_URL:-sqlite}" in
  postgres*)
    name="drill_$(date +%s)"
    psql "${DRILL_URL:?set it}/postgres" --quiet --command "CREATE DATABASE $name"
    trap 'psql "$DRILL_URL/postgres" --quiet --command "DROP DATABASE $name WITH (FORCE)"' EXIT
    territory drill --into "$DRILL_URL/$name"
    ;;
  *) territory drill ;;
esac
