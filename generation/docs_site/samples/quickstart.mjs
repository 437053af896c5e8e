const response = await fetch(`${process.env.VIDGO_URL}/api/generate/submit`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
    Prefer: "wait=30",
  },
  body: JSON.stringify({
    model: "flux-kontext-pro",
    input: { prompt: "A lighthouse on a cliff at dawn, film photograph", size: "16:9" },
  }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);

const task = answer.data;
console.log(task.task_id, task.status);
for (const file of task.files ?? []) console.log(file.file_url);
