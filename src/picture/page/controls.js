// Buttons, fields and the help box. They exist only where a script runs.

class Controls {
    /** @param {Page} page */
    constructor(page) {
        this.page = page;
        /** What carries words, by their name. @type {[HTMLElement, string][]} */
        this.named = [];
        const header = /** @type {HTMLElement} */ (document.querySelector("header"));
        this.question = /** @type {HTMLSelectElement} */ (document.createElement("select"));
        this.question.addEventListener("change", () => page.open(Number(this.question.value)));
        this.filter = document.createElement("input");
        this.filter.type = "text";
        this.filter.spellcheck = false;
        this.filter.addEventListener("change", () => page.filter(this.filter.value));
        this.link = document.createElement("a");
        this.link.href = "#";
        this.name(this.link, "link");
        header.append(this.label("question", this.question), this.label("filter", this.filter), this.link);
        page.articles.forEach((article) => this.dress(article));
        header.append(this.button("large", () => page.enlarge()));
        header.append(this.button("language", () => page.say(page.speech.language === "pt" ? "en" : "pt")));
        header.append(this.button("help", () => this.help.showModal()));

        const bar = document.createElement("div");
        bar.className = "controls";
        this.toggle = this.button("play", () => (page.isPlaying ? page.pause() : page.play()));
        this.toggle.className = "play";
        this.scrub = document.createElement("input");
        this.scrub.type = "range";
        this.scrub.min = "0";
        this.scrub.max = "1000";
        this.scrub.step = "any";
        this.scrub.addEventListener("input", () => {
            page.pause();
            page.seek(Number(this.scrub.value) / 1000 * page.now.time.flood.span);
            page.remember();
        });
        this.output = document.createElement("output");
        // It changes with every frame, which nobody wants to hear.
        this.output.setAttribute("aria-live", "off");
        this.speed = document.createElement("select");
        for (const speed of SPEEDS) this.speed.append(new Option(`${speed}×`, String(speed)));
        this.speed.addEventListener("change", () => {
            page.speed = Number(this.speed.value);
            this.show(page.now.time);
        });
        this.rate = document.createElement("span");
        this.rate.className = "rate";
        const scrub = this.label("time", this.scrub);
        scrub.classList.add("scrub");
        bar.append(this.sign("back", "◂", () => page.step(true)), this.toggle, this.sign("next", "▸", () => page.step(false)));
        bar.append(scrub, this.output, this.label("speed", this.speed), this.rate);
        header.after(bar);

        this.help = document.createElement("dialog");
        const keys = /** @type {HTMLTemplateElement} */ (document.getElementById("keys"));
        const heading = document.createElement("h2");
        this.name(heading, "help");
        this.help.append(heading, keys.content.cloneNode(true), this.button("close", () => this.help.close()));
        document.body.append(this.help);
    }

    /** Gives a flood the buttons beside its pictures. @param {HTMLElement} article */
    dress(article) {
        this.named = this.named.filter(([element]) => element.isConnected || !element.closest(".view"));
        for (const view of /** @type {("rings" | "sequence")[]} */ (["rings", "sequence"])) {
            const save = this.button(view === "rings" ? "saveRings" : "saveSequence", () => this.page.save(view));
            article.querySelector(`.view.${view} h3`)?.after(save);
        }
    }

    /** @template {HTMLElement} E @param {E} element @param {string} name */
    name(element, name) {
        this.named.push([element, name]);
        return element;
    }

    /** @param {string} name @param {() => void} act */
    button(name, act) {
        const button = this.name(document.createElement("button"), name);
        button.type = "button";
        button.addEventListener("click", act);
        return button;
    }

    /** A button whose words are heard and not seen. @param {string} name @param {string} sign @param {() => void} act */
    sign(name, sign, act) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = sign;
        button.dataset.name = name;
        button.addEventListener("click", act);
        return button;
    }

    /** @param {string} name @param {HTMLElement} control */
    label(name, control) {
        const label = document.createElement("label");
        label.append(this.name(document.createElement("span"), name), control);
        return label;
    }

    /** All words, in the language of the page. */
    say() {
        const { speech, data } = this.page;
        for (const [element, name] of this.named) element.textContent = speech.word(name);
        for (const button of document.querySelectorAll("button[data-name]")) {
            const word = speech.word(/** @type {HTMLElement} */ (button).dataset.name ?? "");
            button.setAttribute("aria-label", word);
            button.setAttribute("title", word);
        }
        const title = (/** @type {FloodData} */ flood) => flood.title[speech.language];
        this.question.replaceChildren(...data.floods.map((flood, number) => new Option(`${number + 1}. ${title(flood)}`, String(number))));
        this.question.value = String(this.page.flood);
        this.playing(this.page.isPlaying);
    }

    /** @param {boolean} isPlaying */
    playing(isPlaying) {
        this.toggle.textContent = this.page.speech.word(isPlaying ? "pause" : "play");
    }

    /** @param {Timeline} time */
    show(time) {
        const { speech, speed, flood } = this.page;
        this.question.value = String(flood);
        this.scrub.value = String(time.at / time.flood.span * 1000);
        const text = speech.duration(Math.round(time.at));
        this.scrub.setAttribute("aria-valuetext", text);
        if (this.output.textContent !== text) this.output.textContent = text;
        this.speed.value = String(speed);
        const slowed = FILM_MS * 1e6 / speed / time.flood.span;
        const words = slowed >= 1 ? speech.word("slower", Math.round(slowed)) : speech.word("faster", Math.round(1 / slowed));
        if (this.rate.textContent !== words) this.rate.textContent = words;
    }

    /** @param {string} name */
    filtered(name) {
        this.filter.value = name;
        this.invalid(false);
    }

    /** @param {boolean} isInvalid */
    invalid(isInvalid) {
        this.filter.setCustomValidity(isInvalid ? this.page.speech.word("noSuch") : "");
        this.filter.reportValidity();
    }
}
