// The playground's button says what it will cost.
const form = document.querySelector("[data-playground]");
const words = form?.querySelector("[data-price-words]");

const show = () => {
  const price = form.querySelector("[name=model]:checked")?.dataset.price;
  words.textContent = price ? ` for ${price} credits` : "";
};

if (words) {
  form.addEventListener("change", show);
  show();
}
