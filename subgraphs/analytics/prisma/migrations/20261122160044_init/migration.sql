-- CreateEnum
CREATE TYPE "Channel" AS ENUM ('WEB', 'PHONE', 'API');

-- CreateEnum
CREATE TYPE "ConversationPhase" AS ENUM ('GREETING', 'DISCOVERY', 'QUALIFICATION', 'PRESENTATION', 'OBJECTION_HANDLING', 'CLOSING', 'FOLLOW_UP');

-- CreateEnum
CREATE TYPE "Outcome" AS ENUM ('CONVERTED', 'LOST', 'FOLLOW_UP_SCHEDULED', 'TRANSFERRED', 'ABANDONED');

-- CreateEnum
CREATE TYPE "TurnRole" AS ENUM ('CUSTOMER', 'AGENT');

-- CreateTable
CREATE TABLE "received_event" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "topic" TEXT NOT NULL,
    "aggregate_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "schema_version" INTEGER NOT NULL,
    "data" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "problem" TEXT,

    CONSTRAINT "received_event_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "conversation" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "channel" "Channel" NOT NULL,
    "locale" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "outcome" "Outcome",
    "phases" "ConversationPhase"[],
    "turn_count" INTEGER NOT NULL,
    "interruption_count" INTEGER NOT NULL,
    "failed_turn_count" INTEGER NOT NULL,
    "agent_speech_ms" BIGINT NOT NULL,
    "customer_word_count" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "turn" (
    "tenant_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "role" "TurnRole" NOT NULL,
    "word_count" INTEGER NOT NULL,
    "intent" TEXT,
    "sentiment" DOUBLE PRECISION,
    "objection" TEXT,
    "time_to_first_token" INTEGER,
    "time_to_first_audio" INTEGER,
    "total_ms" INTEGER,
    "audio_ms" INTEGER,
    "played_ms" INTEGER,
    "failed" BOOLEAN NOT NULL,

    CONSTRAINT "turn_pkey" PRIMARY KEY ("tenant_id","conversation_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "received_event_tenant_id_topic_aggregate_id_version_key" ON "received_event"("tenant_id", "topic", "aggregate_id", "version");

-- CreateIndex
CREATE INDEX "conversation_tenant_id_started_at_idx" ON "conversation"("tenant_id", "started_at");

-- CreateIndex
CREATE INDEX "conversation_tenant_id_agent_id_started_at_idx" ON "conversation"("tenant_id", "agent_id", "started_at");

-- AddForeignKey
ALTER TABLE "turn" ADD CONSTRAINT "turn_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Tenant isolation: every table, also for its owner.
GRANT USAGE ON SCHEMA analytics TO analytics_app, analytics_relay;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['received_event', 'conversation', 'turn'] LOOP
    EXECUTE format('ALTER TABLE analytics.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE analytics.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format(
      'CREATE POLICY tenant ON analytics.%I TO analytics_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()))', t);
  END LOOP;
END $$;
-- What was received is not rewritten: no UPDATE, no DELETE. What is derived from it may be made again.
GRANT SELECT, INSERT ON analytics.received_event TO analytics_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.conversation, analytics.turn TO analytics_app;

-- A rebuild of everything has to know which organizations there are: their ids, and nothing else.
CREATE POLICY tenants ON analytics.received_event FOR SELECT TO analytics_relay USING (true);
GRANT SELECT (tenant_id) ON analytics.received_event TO analytics_relay;
