const response = await fetch(`${process.env.VIDGO_URL}/api/user/balance`, {
  headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` },
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.data.credits_amount, "credits");
