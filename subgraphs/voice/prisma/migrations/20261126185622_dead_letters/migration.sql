-- CreateTable
CREATE TABLE "dead_letter" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "topic" TEXT NOT NULL,
    "aggregate_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "event" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 1,
    "failed_at" TIMESTAMPTZ(3) NOT NULL,
    "requeued_at" TIMESTAMPTZ(3),

    CONSTRAINT "dead_letter_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "dead_letter_tenant_id_aggregate_id_version_idx" ON "dead_letter"("tenant_id", "aggregate_id", "version");
-- Tenant isolation; the application itself has no business with it.
ALTER TABLE voice.dead_letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE voice.dead_letter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON voice.dead_letter TO voice_app USING (tenant_id = (SELECT platform.tenant_id())) WITH CHECK (tenant_id = (SELECT platform.tenant_id()));
-- Whoever takes events in for every tenant sets aside what cannot be taken, and requeues it.
CREATE POLICY relay ON voice.dead_letter TO voice_relay USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON voice.dead_letter TO voice_relay;
