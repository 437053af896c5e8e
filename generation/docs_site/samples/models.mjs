const response = await fetch(`${process.env.VIDGO_URL}/v1/catalog/models`);
const answer = await response.json();
if (!response.ok) throw new Error(answer.detail);
for (const model of answer.data.models) console.log(model.model_id, model.price_credits);
