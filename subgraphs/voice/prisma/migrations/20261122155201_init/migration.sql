-- CreateEnum
CREATE TYPE "AudioChunkStatus" AS ENUM ('READY', 'FAILED', 'UNAVAILABLE');

-- CreateTable
CREATE TABLE "conversation_audio" (
    "tenant_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "awaited" INTEGER NOT NULL DEFAULT 0,
    "ended" BOOLEAN NOT NULL DEFAULT false,
    "sales_version" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "conversation_audio_pkey" PRIMARY KEY ("tenant_id","conversation_id")
);

-- CreateTable
CREATE TABLE "turn_audio" (
    "tenant_id" UUID NOT NULL,
    "turn_id" UUID NOT NULL,
    "conversation_id" UUID,
    "last_sequence" INTEGER NOT NULL DEFAULT 0,
    "duration_ms" INTEGER NOT NULL DEFAULT 0,
    "first_chunk_at" TIMESTAMPTZ(3),
    "complete" BOOLEAN NOT NULL DEFAULT false,
    "cut_at_ms" INTEGER,

    CONSTRAINT "turn_audio_pkey" PRIMARY KEY ("tenant_id","turn_id")
);

-- CreateTable
CREATE TABLE "synthesis" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "voice_id" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "synthesis_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "audio_chunk" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "conversation_id" UUID,
    "turn_id" UUID,
    "synthesis_id" UUID,
    "position" INTEGER,
    "sequence" INTEGER NOT NULL,
    "status" "AudioChunkStatus" NOT NULL,
    "text" TEXT NOT NULL,
    "voice_id" TEXT,
    "locale" TEXT NOT NULL,
    "blob_key" TEXT,
    "start_ms" INTEGER NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "words" JSONB NOT NULL,
    "is_final" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audio_chunk_pkey" PRIMARY KEY ("tenant_id","id")
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
CREATE INDEX "turn_audio_tenant_id_conversation_id_idx" ON "turn_audio"("tenant_id", "conversation_id");

-- CreateIndex
CREATE UNIQUE INDEX "audio_chunk_tenant_id_turn_id_sequence_key" ON "audio_chunk"("tenant_id", "turn_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "audio_chunk_tenant_id_synthesis_id_sequence_key" ON "audio_chunk"("tenant_id", "synthesis_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "audio_chunk_tenant_id_conversation_id_position_key" ON "audio_chunk"("tenant_id", "conversation_id", "position");

-- CreateIndex
CREATE INDEX "event_sent_at_position_idx" ON "event"("sent_at", "position");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_aggregate_id_version_key" ON "event"("tenant_id", "aggregate_id", "version");

-- AddForeignKey
ALTER TABLE "turn_audio" ADD CONSTRAINT "turn_audio_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation_audio"("tenant_id", "conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audio_chunk" ADD CONSTRAINT "audio_chunk_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversation_audio"("tenant_id", "conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audio_chunk" ADD CONSTRAINT "audio_chunk_tenant_id_turn_id_fkey" FOREIGN KEY ("tenant_id", "turn_id") REFERENCES "turn_audio"("tenant_id", "turn_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audio_chunk" ADD CONSTRAINT "audio_chunk_tenant_id_synthesis_id_fkey" FOREIGN KEY ("tenant_id", "synthesis_id") REFERENCES "synthesis"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
-- Tenant isolation: every table, also for its owner.
GRANT USAGE ON SCHEMA voice TO voice_app, voice_relay;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['conversation_audio', 'turn_audio', 'synthesis', 'audio_chunk', 'event'] LOOP
    EXECUTE format('ALTER TABLE voice.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE voice.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format(
      'CREATE POLICY tenant ON voice.%I TO voice_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON voice.conversation_audio, voice.turn_audio TO voice_app;
-- What was said is not changed afterwards. History is not rewritten.
GRANT SELECT, INSERT ON voice.audio_chunk, voice.synthesis, voice.event TO voice_app;
GRANT USAGE ON SEQUENCE voice.event_position_seq TO voice_app;

-- The relay reads and marks what is not sent yet, of every tenant, and nothing else.
CREATE POLICY relay ON voice.event TO voice_relay USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sent_at) ON voice.event TO voice_relay;
