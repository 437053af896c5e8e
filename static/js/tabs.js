// One language for all code samples: choosing it in one sample selects it everywhere, and is stored.
const choices = [...document.querySelectorAll("[data-tabs] input[type=radio]")];

const choose = (language) => {
  for (const choice of choices) {
    if (choice.value === language) choice.checked = true;
  }
};

const stored = () => {
  try {
    return localStorage.getItem("language");
  } catch {
    return null; // Storage may be blocked; use the first language.
  }
};

if (stored()) choose(stored());

document.addEventListener("change", (event) => {
  if (!choices.includes(event.target)) return;
  const top = event.target.closest("[data-tabs]").getBoundingClientRect().top;
  choose(event.target.value);
  try {
    localStorage.setItem("language", event.target.value);
  } catch {
    // Storage may be blocked; the choice lasts for this page.
  }
  // Samples above may change height: keep the clicked one in place.
  scrollBy(0, event.target.closest("[data-tabs]").getBoundingClientRect().top - top);
});
