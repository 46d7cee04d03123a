#!/bin/sh
# Run once by the postgres image on an empty volume: the dashboard logs in as a role of its own, without rights yet.
# `aoai-monitor db grant --role aoai_dashboard --run` gives them after each migration.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$DASHBOARD_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role aoai_dashboard login password :'password';
SQL
