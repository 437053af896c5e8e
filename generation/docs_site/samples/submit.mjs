const response = await fetch(`${process.env.VIDGO_URL}/api/generate/submit`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    model: "flux-kontext-max",
    input: {
      prompt: "Poster with the words GOOD MORNING in tall red letters",
      size: "3:4",
      output_format: "jpg",
      seed: 42,
    },
  }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);

const task = answer.data;
console.log(task.task_id, task.status, task.credits_amount);
