"""Ledger rules about jobs: each charge is for one, and each ended job has the right entries."""

from billing.ledger_checks import Rule

RULES = (
    Rule(
        "each job was charged its price once",
        """
        SELECT j.public_id, j.status, j.price_credits, c.amount_credits AS charged
          FROM generation_job j
          LEFT JOIN billing_ledgerentry c ON c.kind = 'charge' AND c.reference = j.public_id
         WHERE c.id IS NULL OR c.amount_credits <> -j.price_credits
            OR c.organization_id <> j.organization_id
        """,
    ),
    Rule(
        "each charge is for a job",
        """
        SELECT c.id, c.organization_id, c.reference, c.amount_credits
          FROM billing_ledgerentry c
          LEFT JOIN generation_job j ON j.public_id = c.reference
         WHERE c.kind = 'charge' AND j.id IS NULL
        """,
    ),
    Rule(
        "each failed job got its credits back, and no other job did",
        """
        SELECT j.public_id, j.status, r.amount_credits AS refunded
          FROM generation_job j
          LEFT JOIN billing_ledgerentry r ON r.kind = 'refund' AND r.reference = j.public_id
         WHERE (j.status = 'failed') <> (r.id IS NOT NULL)
        """,
    ),
    Rule(
        "each finished job has its image, and no other job has one",
        """
        SELECT j.public_id, j.status, a.file
          FROM generation_job j
          LEFT JOIN generation_asset a ON a.job_id = j.id
         WHERE (j.status = 'finished') <> (a.id IS NOT NULL)
        """,
    ),
    Rule(
        "no ended job has an open attempt",
        """
        SELECT j.public_id, j.status, a.number
          FROM generation_job j JOIN generation_attempt a ON a.job_id = j.id
         WHERE j.status IN ('finished', 'failed') AND a.ended_at IS NULL
        """,
    ),
)
