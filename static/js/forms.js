// A form with a data-once button is submitted only once.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-once]");
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-busy", "true");
});

// Going back restores the page with its forms as they were left: enable the buttons again, and reset
// filter forms to match the list below them.
addEventListener("pageshow", (event) => {
  for (const button of document.querySelectorAll("[data-once]")) button.removeAttribute("aria-busy");
  const type = performance.getEntriesByType("navigation")[0]?.type;
  if (!event.persisted && type !== "back_forward") return;
  for (const filter of document.querySelectorAll("form[method=get]")) filter.reset();
});
