// Displays times in the viewer's time zone; without JavaScript they are labeled UTC.
(() => {
  const parts = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
  const thisYear = new Intl.DateTimeFormat(undefined, parts);
  const anyYear = new Intl.DateTimeFormat(undefined, { ...parts, year: "numeric" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

  const show = () => {
    const year = new Date().getFullYear();
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.valueOf())) continue;
      time.title = exact.format(moment);
      time.textContent = (moment.getFullYear() === year ? thisYear : anyYear).format(moment);
    }
  };

  show();
  document.addEventListener("htmx:after:swap", show);
})();
