#!/bin/sh
# Run once by the postgres image, on an empty volume: makes Cairn's roles and hands its database to the owner.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
  --set owner_password="$CAIRN_OWNER_PASSWORD" --set app_password="$CAIRN_APP_PASSWORD" --file /opt/cairn/roles.sql
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
  --command "alter database \"$POSTGRES_DB\" owner to cairn_owner"
