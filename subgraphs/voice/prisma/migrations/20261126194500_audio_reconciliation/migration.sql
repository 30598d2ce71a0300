-- AlterTable
ALTER TABLE "audio_chunk" ADD COLUMN     "blob_checksum" TEXT;
-- Which objects there should be, of every tenant, and their checksums: no words, no conversations.
GRANT USAGE ON SCHEMA voice TO voice_reconciler;
CREATE POLICY reconciler ON voice.audio_chunk FOR SELECT TO voice_reconciler USING (blob_key IS NOT NULL);
GRANT SELECT (tenant_id, id, blob_key, blob_checksum) ON voice.audio_chunk TO voice_reconciler;
