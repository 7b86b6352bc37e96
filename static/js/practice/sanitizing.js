// HTML that code in the page has made, reduced to reading matter: tables, words, small pictures, links to elsewhere.
// Learner's and author's code are both hostile here: nothing that runs, loads, submits, is styled, or could pass for a
// part of the page (no ids, no names, no data attributes, no classes but a table's).

import DOMPurify from "../../vendor/purify.min.js";

const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;
const CLASSES = new Set(["dataframe"]);
const MAX_SPAN = 1000;

const purify = DOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.hasAttribute("class")) {
    const kept = [...node.classList].filter((name) => CLASSES.has(name));
    if (kept.length) node.className = kept.join(" ");
    else node.removeAttribute("class");
  }
  if (node.localName === "img") {
    const source = node.getAttribute("src") ?? "";
    if (PICTURE.test(source)) node.setAttribute("alt", node.getAttribute("alt") ?? "");
    else node.replaceWith(node.getAttribute("alt") || "[picture]");
  }
  if (node.localName === "a") {
    if (!/^https?:\/\//i.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  for (const name of ["colspan", "rowspan"]) {
    const span = Number(node.getAttribute(name) ?? 1);
    if (!(span >= 1 && span <= MAX_SPAN)) node.removeAttribute(name);
  }
});

const RULES = {
  ALLOWED_TAGS: [
    ..."a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5".split(" "),
    ..."h6 hr i img ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead".split(" "),
    ..."time tr u ul var wbr".split(" "),
  ],
  ALLOWED_ATTR: [
    ..."align alt class colspan datetime height href open reversed rowspan scope span src start title value width".split(" "),
  ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  FORBID_CONTENTS: [
    ..."audio canvas embed form frame frameset head iframe math noembed noframes noscript object script select style svg".split(" "),
    ..."template textarea title video xmp".split(" "),
  ],
  RETURN_DOM_FRAGMENT: true, // nodes, not text to be parsed a second time by other rules
};

/** Safe nodes of `html`. */
export function safeNodes(html) {
  return purify.sanitize(quieted(html), RULES);
}

// Browsers complain of each style and handler that the page's policy refuses, even while parsing what is never shown, and
// every pandas table has some. They go before parsing, for quiet alone: it is the rules above that make the HTML safe.
function quieted(html) {
  let kept = "";
  let at = 0; // from here nothing is dealt with yet
  let isOpen = false;
  for (const mark of html.matchAll(/<(\/?)style\b[^<>]*>/gi)) {
    if (isOpen === (mark[1] === "")) continue;
    if (!isOpen) kept += html.slice(at, mark.index);
    at = isOpen ? mark.index + mark[0].length : mark.index;
    isOpen = !isOpen;
  }
  kept += html.slice(at);
  return kept.replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/(\s)(style|on[a-z]+)(?=\s*=)/gi, "$1data-$2"));
}
