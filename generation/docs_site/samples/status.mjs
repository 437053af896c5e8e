const url = `${process.env.VIDGO_URL}/api/generate/status/${process.env.TASK_ID}`;
const headers = { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` };

let task;
for (let pause = 2; ; pause = Math.min(pause * 1.5, 10)) {
  const response = await fetch(url, { headers });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  task = answer.data;
  if (task.status === "finished" || task.status === "failed") break;
  const seconds = Math.max(pause, Number(response.headers.get("Retry-After") ?? 0));
  await new Promise((resume) => setTimeout(resume, seconds * 1000));
}

if (task.status === "failed") throw new Error(task.error_message);
console.log(task.status, task.files[0].file_url);
