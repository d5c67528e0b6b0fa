/** The element of the page that a selector names. */
export function find(selector) {
  return document.querySelector(selector);
}

/** All of them. */
export function findAll(selector) {
  return document.querySelectorAll(selector);
}
