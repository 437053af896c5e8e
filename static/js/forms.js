// A button marked data-once submits its form once, however often it is pressed.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-once]");
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-busy", "true");
});

// The browser may show this very page again when one comes back to it, and fills its forms in as
// they were left. A filter then says again what the list below it shows.
addEventListener("pageshow", (event) => {
  for (const button of document.querySelectorAll("[data-once]")) button.removeAttribute("aria-busy");
  const way = performance.getEntriesByType("navigation")[0]?.type;
  if (!event.persisted && way !== "back_forward") return;
  for (const filter of document.querySelectorAll("form[method=get]")) filter.reset();
});
