// Shows how many credits and images a custom amount buys.
for (const box of document.querySelectorAll("[data-amount]")) {
  const input = box.querySelector("input");
  const out = box.querySelector("[data-amount-out]");
  const show = () => {
    const dollars = Number(input.value);
    const isValid = input.value !== "" && Number.isInteger(dollars) && input.checkValidity();
    if (!isValid) {
      out.textContent = "";
      return;
    }
    const credits = dollars * Number(box.dataset.creditsPerDollar);
    const images = Math.floor(credits / Number(box.dataset.priceCredits));
    out.textContent = `$${dollars.toLocaleString("en")} buys ${credits.toLocaleString("en")} credits: ${images.toLocaleString("en")} ${box.dataset.image}.`;
  };
  input.addEventListener("input", show);
  show();
}
