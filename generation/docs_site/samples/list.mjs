const query = new URLSearchParams({ status: "finished", limit: "50" });

for (;;) {
  const response = await fetch(`${process.env.VIDGO_URL}/api/generate/tasks?${query}`, {
    headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  for (const task of answer.data.tasks) {
    console.log(task.task_id, task.created_time, task.credits_amount);
  }
  if (answer.data.next_before === null) break;
  query.set("before", answer.data.next_before);
}
