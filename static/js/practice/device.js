// What is kept on this device until the server has it: one entry per person, lesson and block. A device may be shared, so
// nothing is kept without knowing whose it is, and nobody's entry is read for anybody else.

const PREFIX = "practice";

function key(page, block, kind) {
  return page.user === null ? null : `${PREFIX}:${page.user}:${page.lesson}:${block}:${kind}`;
}

/** The entry, or null: absent, unreadable, or storage is forbidden. */
export function recall(page, block, kind) {
  const name = key(page, block, kind);
  if (!name) return null;
  try {
    const entry = JSON.parse(localStorage.getItem(name));
    return entry !== null && typeof entry === "object" ? entry : null;
  } catch {
    return null;
  }
}

/** Keeps an entry; says whether it could (full or forbidden storage: no). */
export function keep(page, block, kind, entry) {
  const name = key(page, block, kind);
  if (!name) return false;
  try {
    localStorage.setItem(name, JSON.stringify(entry));
    return true;
  } catch {
    return false;
  }
}

export function forget(page, block, kind) {
  const name = key(page, block, kind);
  if (!name) return;
  try {
    localStorage.removeItem(name);
  } catch {
    // storage is forbidden: then there is nothing to forget
  }
}
