// "3 min ago" for recent moments; the exact time stays in the title. Without this script the exact time is the text.

const UNITS = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86400],
];
const WEEK = 7 * 86400; // seconds; older moments are better said by their date

const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const exactly = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });

function said(seconds, moment) {
  const age = Math.abs(seconds);
  if (age < 45) return words.format(0, "second");
  if (age >= WEEK) return day.format(moment);
  const [unit, size] = UNITS.findLast(([, length]) => age >= length * 0.9) ?? UNITS[0];
  return words.format(Math.trunc(seconds / size) || Math.sign(seconds), unit);
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = exactly.format(moment);
    element.textContent = said((moment - Date.now()) / 1000, moment);
  }
}

refresh();
setInterval(refresh, 60_000);
