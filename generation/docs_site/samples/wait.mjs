const response = await fetch(
  `${process.env.VIDGO_URL}/api/generate/status/${process.env.TASK_ID}`,
  { headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}`, Prefer: "wait=20" } },
);
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.data.status, response.headers.get("Preference-Applied"));
