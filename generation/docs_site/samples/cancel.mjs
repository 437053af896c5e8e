const response = await fetch(
  `${process.env.VIDGO_URL}/api/generate/cancel/${process.env.TASK_ID}`,
  { method: "POST", headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` } },
);
const answer = await response.json();
if (response.status === 409) {
  console.log("Too late:", answer.error.message);
} else if (!response.ok) {
  throw new Error(answer.error.message);
} else {
  console.log(answer.data.status, answer.data.error_message);
}
