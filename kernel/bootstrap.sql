-- Roles and the tenant claim. Idempotent; run by the database's administrator before the migrations.
-- `platform_owner` owns the tables. `app_login` is what our processes connect as: it owns nothing, inherits nothing, and
-- only ever acts as one of the roles below, chosen per transaction. Claims travel as request.jwt.claims (Supabase's
-- convention). On Supabase `anon` and `authenticated` exist beside these and are granted nothing.
DO $$
DECLARE
  name text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'platform_owner') THEN
    CREATE ROLE platform_owner NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_login') THEN
    CREATE ROLE app_login LOGIN NOINHERIT NOBYPASSRLS;
  END IF;
  FOREACH name IN ARRAY ARRAY[
    -- one tenant's rows
    'identity_app', 'sales_app', 'voice_app', 'agent_app', 'analytics_app',
    -- across tenants: unsent events, and nothing else
    'identity_relay', 'sales_relay', 'voice_relay', 'agent_relay', 'analytics_relay',
    -- before a tenant is known: sign-in, refresh, key lookup
    'identity_gate',
    -- across tenants: which conversations wait for a reply
    'sales_recovery',
    -- across tenants: which objects of audio there should be
    'voice_reconciler'
  ] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', name);
    END IF;
    EXECUTE format('GRANT %I TO app_login', name);
  END LOOP;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO platform_owner', current_database());
  EXECUTE format('GRANT platform_owner TO %I', current_user);
END $$;

CREATE SCHEMA IF NOT EXISTS platform AUTHORIZATION platform_owner;
-- An unset tenant is an error, never an empty list.
CREATE OR REPLACE FUNCTION platform.no_tenant() RETURNS uuid LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RAISE EXCEPTION 'no tenant is set' USING ERRCODE = 'insufficient_privilege';
END $$;
ALTER FUNCTION platform.no_tenant() OWNER TO platform_owner;
-- One expression, so that the planner writes it into each statement in place of a call: policies ask for it many times.
CREATE OR REPLACE FUNCTION platform.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE RETURN coalesce(
  (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tenant_id')::uuid, platform.no_tenant());
ALTER FUNCTION platform.tenant_id() OWNER TO platform_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA platform TO identity_app, sales_app, voice_app, agent_app, analytics_app;
