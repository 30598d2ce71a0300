#!/bin/sh
# Run by the postgres image when its volume is new: the login that the services use. It owns nothing; kernel/bootstrap.sql
# gives it its roles.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$APP_LOGIN_PASSWORD" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
CREATE ROLE app_login LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'password';
SQL
