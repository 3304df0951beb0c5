// A page whose floods are all there.

const page = new Page(JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent ?? ""));
