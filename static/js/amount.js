// Says at once what an amount of one's own buys; the page says what a dollar buys without it.
for (const box of document.querySelectorAll("[data-amount]")) {
  const input = box.querySelector("input");
  const out = box.querySelector("[data-amount-out]");
  const show = () => {
    const dollars = Number(input.value);
    const fits = input.value !== "" && Number.isInteger(dollars) && input.checkValidity();
    if (!fits) {
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
