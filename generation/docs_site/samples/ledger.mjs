const query = new URLSearchParams({ kind: "charge", limit: "10" });
const response = await fetch(`${process.env.VIDGO_URL}/api/billing/ledger?${query}`, {
  headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` },
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
for (const entry of answer.data.entries) {
  console.log(entry.created_time, entry.amount_credits, entry.reference);
}
