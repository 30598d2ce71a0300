-- CreateEnum
CREATE TYPE "ConversationPhase" AS ENUM ('GREETING', 'DISCOVERY', 'QUALIFICATION', 'PRESENTATION', 'OBJECTION_HANDLING', 'CLOSING', 'FOLLOW_UP');

-- CreateTable
CREATE TABLE "agent" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "voice_id" TEXT,
    "knowledge_base_id" UUID,
    "warmth" DOUBLE PRECISION NOT NULL,
    "formality" DOUBLE PRECISION NOT NULL,
    "assertiveness" DOUBLE PRECISION NOT NULL,
    "brevity" DOUBLE PRECISION NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "agent_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "knowledge_base" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "removal_version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "knowledge_base_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "knowledge_document" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "knowledge_base_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "added_version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "knowledge_document_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "passage" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "document_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "passage_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "reply_trace" (
    "tenant_id" UUID NOT NULL,
    "turn_id" UUID NOT NULL,
    "in_reply_to_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "strategy" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "intent_name" TEXT NOT NULL,
    "intent_confidence" DOUBLE PRECISION NOT NULL,
    "intent_out_of_scope" BOOLEAN NOT NULL,
    "sentiment" DOUBLE PRECISION NOT NULL,
    "objection" TEXT,
    "phase" "ConversationPhase" NOT NULL,
    "text" TEXT NOT NULL,
    "citations" JSONB NOT NULL,
    "input_tokens" INTEGER NOT NULL,
    "output_tokens" INTEGER NOT NULL,
    "understand_ms" INTEGER NOT NULL,
    "compose_ms" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reply_trace_pkey" PRIMARY KEY ("tenant_id","turn_id")
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

-- CreateIndex
CREATE INDEX "agent_tenant_id_knowledge_base_id_idx" ON "agent"("tenant_id", "knowledge_base_id");

-- CreateIndex
CREATE INDEX "knowledge_document_tenant_id_knowledge_base_id_added_versio_idx" ON "knowledge_document"("tenant_id", "knowledge_base_id", "added_version");

-- CreateIndex
CREATE UNIQUE INDEX "passage_tenant_id_document_id_position_key" ON "passage"("tenant_id", "document_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "reply_trace_tenant_id_in_reply_to_id_key" ON "reply_trace"("tenant_id", "in_reply_to_id");

-- CreateIndex
CREATE INDEX "event_sent_at_position_idx" ON "event"("sent_at", "position");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_aggregate_id_version_key" ON "event"("tenant_id", "aggregate_id", "version");

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_tenant_id_knowledge_base_id_fkey" FOREIGN KEY ("tenant_id", "knowledge_base_id") REFERENCES "knowledge_base"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "knowledge_document" ADD CONSTRAINT "knowledge_document_tenant_id_knowledge_base_id_fkey" FOREIGN KEY ("tenant_id", "knowledge_base_id") REFERENCES "knowledge_base"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "passage" ADD CONSTRAINT "passage_tenant_id_document_id_fkey" FOREIGN KEY ("tenant_id", "document_id") REFERENCES "knowledge_document"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Every value the domain checks, also where a bug would write past it.
ALTER TABLE agent.agent ADD CONSTRAINT agent_personality_check CHECK (
  warmth BETWEEN 0 AND 1 AND formality BETWEEN 0 AND 1 AND assertiveness BETWEEN 0 AND 1 AND brevity BETWEEN 0 AND 1);

-- Tenant isolation: every table, also for its owner.
GRANT USAGE ON SCHEMA agent TO agent_app, agent_relay;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['agent', 'knowledge_base', 'knowledge_document', 'passage', 'reply_trace', 'event'] LOOP
    EXECUTE format('ALTER TABLE agent.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE agent.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format(
      'CREATE POLICY tenant ON agent.%I TO agent_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON agent.agent, agent.knowledge_base TO agent_app;
-- A document is added and removed whole; its passages go with it.
GRANT SELECT, INSERT, DELETE ON agent.knowledge_document, agent.passage TO agent_app;
-- What was said and what happened is not rewritten: no UPDATE, no DELETE.
GRANT SELECT, INSERT ON agent.reply_trace, agent.event TO agent_app;
GRANT USAGE ON SEQUENCE agent.event_position_seq TO agent_app;

-- The relay reads and marks what is not sent yet, of every tenant, and nothing else.
CREATE POLICY relay ON agent.event TO agent_relay USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sent_at) ON agent.event TO agent_relay;
