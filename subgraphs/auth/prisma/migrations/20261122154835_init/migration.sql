-- CreateEnum
CREATE TYPE "Role" AS ENUM ('OWNER', 'ADMIN', 'MANAGER', 'SUPERVISOR', 'ANALYST', 'PARTNER');

-- CreateTable
CREATE TABLE "organization" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "user" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "membership" (
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "Role" NOT NULL,
    "organization_id" UUID NOT NULL,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("tenant_id","user_id")
);

-- CreateTable
CREATE TABLE "credential" (
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "totp_secret" BYTEA,
    "totp_offered" BYTEA,
    "totp_last_step" BIGINT,

    CONSTRAINT "credential_pkey" PRIMARY KEY ("tenant_id","user_id")
);

-- CreateTable
CREATE TABLE "sign_in_throttle" (
    "email_digest" BYTEA NOT NULL,
    "tries" INTEGER NOT NULL,
    "last_try_at" TIMESTAMPTZ(3) NOT NULL,
    "blocked_until" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_throttle_pkey" PRIMARY KEY ("email_digest")
);

-- CreateTable
CREATE TABLE "session" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "refresh_token" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "salt" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "partner" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "partner_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "partner_id" UUID,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "persisted_document" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "partner_id" UUID,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "persisted_document_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "sealed_private_jwk" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "event" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "aggregate_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "schema_version" INTEGER NOT NULL,
    "data" JSONB NOT NULL,
    "actor" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "event_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "subject_key" (
    "tenant_id" UUID NOT NULL,
    "subject_id" UUID NOT NULL,
    "wrapped_key" BYTEA NOT NULL,

    CONSTRAINT "subject_key_pkey" PRIMARY KEY ("tenant_id","subject_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "credential_email_key" ON "credential"("email");

-- CreateIndex
CREATE INDEX "sign_in_throttle_last_try_at_idx" ON "sign_in_throttle"("last_try_at");

-- CreateIndex
CREATE INDEX "session_tenant_id_user_id_idx" ON "session"("tenant_id", "user_id");

-- CreateIndex
CREATE INDEX "refresh_token_hash_idx" ON "refresh_token"("hash");

-- CreateIndex
CREATE INDEX "refresh_token_tenant_id_session_id_idx" ON "refresh_token"("tenant_id", "session_id");

-- CreateIndex
CREATE UNIQUE INDEX "refresh_token_tenant_id_hash_key" ON "refresh_token"("tenant_id", "hash");

-- CreateIndex
CREATE UNIQUE INDEX "partner_tenant_id_name_key" ON "partner"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "api_key_secret_hash_idx" ON "api_key"("secret_hash");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_tenant_id_secret_hash_key" ON "api_key"("tenant_id", "secret_hash");

-- CreateIndex
CREATE UNIQUE INDEX "persisted_document_tenant_id_partner_id_hash_key" ON "persisted_document"("tenant_id", "partner_id", "hash") NULLS NOT DISTINCT;

-- CreateIndex
CREATE INDEX "event_sent_at_position_idx" ON "event"("sent_at", "position");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_aggregate_id_version_key" ON "event"("tenant_id", "aggregate_id", "version");

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_tenant_id_organization_id_fkey" FOREIGN KEY ("tenant_id", "organization_id") REFERENCES "organization"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credential" ADD CONSTRAINT "credential_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refresh_token" ADD CONSTRAINT "refresh_token_tenant_id_session_id_fkey" FOREIGN KEY ("tenant_id", "session_id") REFERENCES "session"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_partner_id_fkey" FOREIGN KEY ("tenant_id", "partner_id") REFERENCES "partner"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "persisted_document" ADD CONSTRAINT "persisted_document_tenant_id_partner_id_fkey" FOREIGN KEY ("tenant_id", "partner_id") REFERENCES "partner"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- An organization is its own tenant.
ALTER TABLE "organization" ADD CONSTRAINT "organization_is_tenant" CHECK (tenant_id = id);
ALTER TABLE "membership" ADD CONSTRAINT "membership_is_of_tenant" CHECK (tenant_id = organization_id);

-- Tenant isolation: every table, also for its owner.
GRANT USAGE ON SCHEMA identity TO identity_app, identity_gate, identity_relay;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['organization', 'user', 'membership', 'session', 'refresh_token', 'partner', 'api_key', 'persisted_document', 'event', 'subject_key'] LOOP
    EXECUTE format('ALTER TABLE identity.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE identity.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format(
      'CREATE POLICY tenant ON identity.%I TO identity_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()))', t);
  END LOOP;
  -- What no tenant's role sees at all: who may sign in (unique across the platform), how often they failed, what we sign with.
  FOREACH t IN ARRAY ARRAY['credential', 'sign_in_throttle', 'signing_key'] LOOP
    EXECUTE format('ALTER TABLE identity.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE identity.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY gate ON identity.%I TO identity_gate USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON identity.organization, identity."user", identity.membership, identity.partner TO identity_app;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON identity.session, identity.api_key TO identity_app;
GRANT SELECT, INSERT, UPDATE (used_at) ON identity.refresh_token TO identity_app;
GRANT SELECT, INSERT, UPDATE (name) ON identity.persisted_document TO identity_app;
-- History is not rewritten: no UPDATE, no DELETE.
GRANT SELECT, INSERT ON identity.event TO identity_app;
GRANT USAGE ON SEQUENCE identity.event_position_seq TO identity_app;
-- Erasing a person is dropping their key.
GRANT SELECT, INSERT, DELETE ON identity.subject_key TO identity_app;

-- The gate: before a tenant is known. It finds which tenant a token or key belongs to; the tenant's role does the rest.
GRANT SELECT, INSERT, UPDATE (password_hash, totp_secret, totp_offered, totp_last_step) ON identity.credential TO identity_gate;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.sign_in_throttle TO identity_gate;
GRANT SELECT, INSERT, UPDATE (retired_at) ON identity.signing_key TO identity_gate;
CREATE POLICY gate ON identity.refresh_token FOR SELECT TO identity_gate USING (true);
GRANT SELECT (tenant_id, id, hash) ON identity.refresh_token TO identity_gate;
CREATE POLICY gate ON identity.api_key FOR SELECT TO identity_gate USING (revoked_at IS NULL);
GRANT SELECT (tenant_id, id, partner_id, secret_hash, scopes, expires_at, revoked_at) ON identity.api_key TO identity_gate;

-- The relay reads and marks what is not sent yet, of every tenant, and nothing else.
CREATE POLICY relay ON identity.event TO identity_relay USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sent_at) ON identity.event TO identity_relay;
