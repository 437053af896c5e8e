// One language for all samples: what is chosen in one place is chosen everywhere, and next time.
const choices = [...document.querySelectorAll("[data-tabs] input[type=radio]")];

const choose = (language) => {
  for (const choice of choices) {
    if (choice.value === language) choice.checked = true;
  }
};

const kept = () => {
  try {
    return localStorage.getItem("language");
  } catch {
    return null; // Storage may be forbidden; the first language is a fine one.
  }
};

if (kept()) choose(kept());

document.addEventListener("change", (event) => {
  if (!choices.includes(event.target)) return;
  const place = event.target.closest("[data-tabs]").getBoundingClientRect().top;
  choose(event.target.value);
  try {
    localStorage.setItem("language", event.target.value);
  } catch {
    // The choice then lasts for this page only.
  }
  // Samples above may have become longer or shorter: what one looks at stays where it was.
  scrollBy(0, event.target.closest("[data-tabs]").getBoundingClientRect().top - place);
});
