// A page whose floods are all there.

new Page(JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent ?? ""));
