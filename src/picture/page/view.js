// A flood's pictures, as Rust drew them, shown up to a moment. Nothing is placed here but what moves.

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
}

class FloodView {
    /** @param {HTMLElement} article @param {FloodData} flood @param {PageData} data */
    constructor(article, flood, data) {
        this.article = article;
        this.flood = flood;
        this.data = data;
        this.rings = /** @type {SVGSVGElement} */ (article.querySelector("svg.rings"));
        this.sequence = /** @type {SVGSVGElement} */ (article.querySelector("svg.sequence"));
        this.arrows = this.byNumber(this.rings, "c");
        this.labels = this.byNumber(this.rings, "l");
        this.answers = this.byNumber(this.rings, "a");
        this.spots = this.byNumber(this.rings, "s");
        this.laneArrows = this.byNumber(this.sequence, "c");
        this.laneLabels = this.byNumber(this.sequence, "l");
        this.laneAnswers = this.byNumber(this.sequence, "a");
        /** Servents of each spot. @type {number[][]} */
        this.crowds = [];
        flood.spots.forEach((spot, role) => (this.crowds[spot] ??= []).push(role));
        /** Reached, and reached and answering, of each spot. */
        this.reached = this.crowds.map(() => 0);
        this.answering = this.crowds.map(() => 0);
        this.isSmall = this.crowds.length === flood.names.length;
        this.rows = this.isSmall ? [...article.querySelectorAll(".servents tbody tr")] : [];
        // What moves lies on layers of its own, so that the pictures below need not be painted anew for it.
        this.moving = shape("svg", { class: "moving", viewBox: this.rings.getAttribute("viewBox") ?? "", "aria-hidden": "true" });
        this.stage(this.rings).append(this.moving);
        /** @type {Map<string, SVGElement>} */
        this.dots = new Map();
        this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
        this.curtain = document.createElement("div");
        this.curtain.className = "curtain";
        this.stage(this.sequence).append(this.curtain);
        for (const [, spot] of this.spots) spot.prepend(shape("circle", { class: "halo", r: 27 }));
        article.classList.add("playing");
    }

    /** A box as large as a picture, round it. @param {SVGElement} svg */
    stage(svg) {
        const stage = document.createElement("div");
        stage.className = "stage";
        svg.replaceWith(stage);
        stage.append(svg);
        return stage;
    }

    /** @param {SVGElement} svg @param {string} name @returns {Map<number, SVGPathElement>} */
    byNumber(svg, name) {
        const found = new Map();
        for (const element of svg.querySelectorAll(`[data-${name}]`)) {
            const number = Number(element.getAttribute(`data-${name}`));
            if (!found.has(number)) found.set(number, element);
        }
        return found;
    }

    /** @param {Timeline} time */
    draw(time) {
        const { news, isNew } = time.progress.look();
        if (isNew) this.reset();
        const bunches = new Set();
        for (const event of news) {
            if (event.kind === "sent") this.show(this.arrowOf(event.index), event.index);
            else if (event.kind === "answered") this.answers.get(event.index)?.classList.remove("future");
            else if (event.kind === "reached") {
                const spot = this.flood.spots[event.index];
                this.reached[spot]++;
                if (this.data.states[this.flood.states[event.index]] === "answered") this.answering[spot]++;
                this.spots.get(spot)?.classList.remove("future");
                this.rows[event.index]?.classList.remove("future");
                if (this.crowds[spot].length > 1) bunches.add(spot);
            }
        }
        for (const spot of bunches) this.pie(spot);
        this.move(time);
        const x = this.flood.left + time.at / this.flood.span * this.data.width;
        this.curtain.style.transform = `translateX(${x / this.sequence.viewBox.baseVal.width * 100}%)`;
    }

    /** The arrow that shows a copy, by number. @param {number} copy */
    arrowOf(copy) {
        return this.flood.shared.length ? this.flood.shared[copy] : copy;
    }

    /** @param {number} arrow @param {number} copy */
    show(arrow, copy) {
        this.arrows.get(arrow)?.classList.remove("future");
        this.labels.get(copy)?.classList.remove("future");
    }

    reset() {
        this.reached.fill(0);
        this.answering.fill(0);
        for (const list of [this.arrows, this.labels, this.answers]) {
            for (const [, element] of list) element.classList.add("future");
        }
        for (const [spot, element] of this.spots) {
            if (this.crowds[spot].length > 1) this.pie(spot);
            // Those that never are reached look the same all the time.
            else if (this.flood.reached[this.crowds[spot][0]] >= 0) element.classList.add("future");
        }
        this.rows.forEach((row, role) => row.classList.toggle("future", this.flood.reached[role] >= 0));
    }

    /** How many of a bunch are reached: the more, the deeper the colours of its pie. @param {number} spot */
    pie(spot) {
        const element = this.spots.get(spot);
        if (!element) return;
        const part = this.reached[spot] / this.crowds[spot].length;
        for (const wedge of element.querySelectorAll(".wedge")) {
            if (!wedge.matches(".missed, .down")) wedge.setAttribute("opacity", String(part));
        }
    }

    /** What is under way, as dots on its arrows. @param {Timeline} time */
    move(time) {
        const wanted = new Set();
        if (!this.isStill) {
            const { copies, answers } = this.flood;
            for (const copy of time.progress.copies) {
                this.dot(`c${copy}`, this.arrows.get(copy), copies[copy * PER_COPY + 3], copies[copy * PER_COPY + 4], time.at, wanted);
            }
            for (const answer of time.progress.answers) {
                const at = answer * PER_ANSWER;
                this.dot(`a${answer}`, this.answers.get(answer), answers[at + 1], answers[at + 2], time.at, wanted);
            }
        }
        for (const [name, dot] of this.dots) {
            if (!wanted.has(name)) {
                dot.remove();
                this.dots.delete(name);
            }
        }
    }

    /**
     * @param {string} name @param {SVGPathElement | undefined} arrow @param {number} sent @param {number} way
     * @param {number} now @param {Set<string>} wanted
     */
    dot(name, arrow, sent, way, now, wanted) {
        if (!arrow || way <= 0 || arrow.classList.contains("dim")) return;
        wanted.add(name);
        const point = arrow.getPointAtLength(arrow.getTotalLength() * Math.min((now - sent) / way, 1));
        let dot = this.dots.get(name);
        if (!dot) {
            dot = shape("circle", { class: "dot", r: 5 });
            this.dots.set(name, dot);
            this.moving.append(dot);
        }
        dot.setAttribute("cx", point.x.toFixed(1));
        dot.setAttribute("cy", point.y.toFixed(1));
    }

    /** Marks a servent, and hides what is not about it if `only`. @param {number | null} role @param {boolean} only */
    choose(role, only) {
        const spot = role === null ? -1 : this.flood.spots[role];
        const { copies, answers } = this.flood;
        const near = new Set([spot]);
        for (let copy = 0; copy * PER_COPY < copies.length; copy++) {
            const [from, to] = [copies[copy * PER_COPY], copies[copy * PER_COPY + 1]].map((end) => this.flood.spots[end]);
            const isAbout = from === spot || to === spot;
            if (isAbout) near.add(from).add(to);
            const arrow = this.arrowOf(copy);
            if (arrow !== copy) continue;
            for (const list of [this.arrows, this.labels, this.laneArrows, this.laneLabels]) list.get(copy)?.classList.toggle("dim", only && !isAbout);
        }
        for (const [answer, element] of [...this.answers, ...this.laneAnswers]) {
            element.classList.toggle("dim", only && this.flood.spots[answers[answer * PER_ANSWER]] !== spot);
        }
        for (const svg of [this.rings, this.sequence]) {
            for (const element of svg.querySelectorAll("[data-s]")) {
                const other = Number(element.getAttribute("data-s"));
                element.classList.toggle("chosen", other === spot);
                element.classList.toggle("dim", only && !near.has(other));
            }
        }
        this.rows.forEach((row, other) => row.classList.toggle("chosen", other === role));
    }
}
