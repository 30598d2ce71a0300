-- CreateEnum
CREATE TYPE "Channel" AS ENUM ('WEB', 'PHONE', 'API');

-- CreateEnum
CREATE TYPE "ConversationStatus" AS ENUM ('OPEN', 'HANDED_OFF', 'ENDED');

-- CreateEnum
CREATE TYPE "ConversationPhase" AS ENUM ('GREETING', 'DISCOVERY', 'QUALIFICATION', 'PRESENTATION', 'OBJECTION_HANDLING', 'CLOSING', 'FOLLOW_UP');

-- CreateEnum
CREATE TYPE "Outcome" AS ENUM ('CONVERTED', 'LOST', 'FOLLOW_UP_SCHEDULED', 'TRANSFERRED', 'ABANDONED');

-- CreateEnum
CREATE TYPE "TurnRole" AS ENUM ('CUSTOMER', 'AGENT', 'HUMAN_AGENT', 'SYSTEM');

-- CreateEnum
CREATE TYPE "TurnState" AS ENUM ('STREAMING', 'COMPLETED', 'INTERRUPTED', 'FAILED');

-- CreateEnum
CREATE TYPE "TurnUpdateKind" AS ENUM ('STARTED', 'DELTA', 'COMPLETED', 'INTERRUPTED', 'FAILED');

-- CreateTable
CREATE TABLE "contact" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "contact_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "conversation" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "contact_id" UUID,
    "channel" "Channel" NOT NULL,
    "locale" TEXT NOT NULL,
    "status" "ConversationStatus" NOT NULL DEFAULT 'OPEN',
    "phase" "ConversationPhase" NOT NULL DEFAULT 'GREETING',
    "outcome" "Outcome",
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "turn_count" INTEGER NOT NULL DEFAULT 0,
    "update_position" INTEGER NOT NULL DEFAULT 0,
    "change_position" INTEGER NOT NULL DEFAULT 0,
    "pending_replies" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" UUID,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "turn" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "role" "TurnRole" NOT NULL,
    "state" "TurnState" NOT NULL,
    "text" TEXT NOT NULL,
    "spoken_text" TEXT,
    "in_reply_to_id" UUID,
    "client_message_id" TEXT,
    "intent_name" TEXT,
    "intent_confidence" DOUBLE PRECISION,
    "intent_out_of_scope" BOOLEAN,
    "sentiment" DOUBLE PRECISION,
    "objection" TEXT,
    "time_to_first_token" INTEGER,
    "time_to_first_audio" INTEGER,
    "total_ms" INTEGER,
    "voiced" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "turn_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "turn_update" (
    "tenant_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "turn_id" UUID NOT NULL,
    "kind" "TurnUpdateKind" NOT NULL,
    "text_delta" TEXT,
    "text_end" INTEGER NOT NULL,

    CONSTRAINT "turn_update_pkey" PRIMARY KEY ("tenant_id","conversation_id","position")
);

-- CreateTable
CREATE TABLE "conversation_change" (
    "tenant_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "status" "ConversationStatus" NOT NULL,
    "phase" "ConversationPhase" NOT NULL,
    "outcome" "Outcome",

    CONSTRAINT "conversation_change_pkey" PRIMARY KEY ("tenant_id","conversation_id","position")
);

-- CreateTable
CREATE TABLE "consent_record" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "recording" BOOLEAN NOT NULL,
    "ai_disclosure_accepted" BOOLEAN NOT NULL,
    "captured_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "consent_record_pkey" PRIMARY KEY ("tenant_id","id")
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
CREATE INDEX "conversation_tenant_id_created_at_id_idx" ON "conversation"("tenant_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "turn_tenant_id_conversation_id_sequence_key" ON "turn"("tenant_id", "conversation_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "turn_tenant_id_conversation_id_client_message_id_key" ON "turn"("tenant_id", "conversation_id", "client_message_id");

-- CreateIndex
CREATE UNIQUE INDEX "turn_tenant_id_in_reply_to_id_key" ON "turn"("tenant_id", "in_reply_to_id");

-- CreateIndex
CREATE INDEX "event_sent_at_position_idx" ON "event"("sent_at", "position");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_aggregate_id_version_key" ON "event"("tenant_id", "aggregate_id", "version");

-- AddForeignKey
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_tenant_id_contact_id_fkey" FOREIGN KEY ("tenant_id", "contact_id") REFERENCES "contact"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "turn" ADD CONSTRAINT "turn_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "turn" ADD CONSTRAINT "turn_tenant_id_in_reply_to_id_fkey" FOREIGN KEY ("tenant_id", "in_reply_to_id") REFERENCES "turn"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "turn_update" ADD CONSTRAINT "turn_update_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "turn_update" ADD CONSTRAINT "turn_update_tenant_id_turn_id_fkey" FOREIGN KEY ("tenant_id", "turn_id") REFERENCES "turn"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_change" ADD CONSTRAINT "conversation_change_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consent_record" ADD CONSTRAINT "consent_record_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Tenant isolation: every table, also for its owner.
GRANT USAGE ON SCHEMA sales TO sales_app, sales_relay, sales_recovery;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['contact', 'conversation', 'turn', 'turn_update', 'conversation_change', 'consent_record', 'event', 'subject_key'] LOOP
    EXECUTE format('ALTER TABLE sales.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE sales.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format(
      'CREATE POLICY tenant ON sales.%I TO sales_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON sales.contact, sales.conversation, sales.turn, sales.consent_record TO sales_app;
GRANT SELECT, INSERT ON sales.turn_update, sales.conversation_change TO sales_app;
-- History is not rewritten: no UPDATE, no DELETE.
GRANT SELECT, INSERT ON sales.event TO sales_app;
GRANT USAGE ON SEQUENCE sales.event_position_seq TO sales_app;
-- Erasing a person is dropping their key.
GRANT SELECT, INSERT, DELETE ON sales.subject_key TO sales_app;

-- The relay reads and marks what is not sent yet, of every tenant, and nothing else.
CREATE POLICY relay ON sales.event TO sales_relay USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sent_at) ON sales.event TO sales_relay;

-- After a crash: which conversations of which tenant wait for a reply. Ids and leases only.
CREATE POLICY recovery ON sales.conversation FOR SELECT TO sales_recovery USING (pending_replies > 0);
GRANT SELECT (tenant_id, id, pending_replies, lease_until) ON sales.conversation TO sales_recovery;
CREATE INDEX conversation_waiting_idx ON sales.conversation (lease_until) WHERE pending_replies > 0;
