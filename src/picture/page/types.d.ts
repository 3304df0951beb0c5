// What Rust hands to the script (src/picture/data.rs). Times are nanoseconds from the beginning of a flood; -1 is none.

type Language = "en" | "pt";
type Words = { en: string; pt: string };
/** A sentence by number, then what fills its holes. */
type Sentence = [number, ...(number | string | Words)[]];

type FloodData = {
    title: Words;
    span: number;
    /** Where time begins in its sequence. */
    left: number;
    /** Of each servent of the cast. */
    names: string[];
    /** What the names leave out, with * where they stand; null if they are whole. */
    pattern: string | null;
    spots: number[];
    states: number[];
    reached: number[];
    stories: Sentence[][];
    /** Six numbers a copy: from, to, time-to-live, sent, nanoseconds under way, fate. */
    copies: number[];
    /** Three numbers an answer: from, sent, nanoseconds under way. */
    answers: number[];
    /** Of each copy the one whose arrow shows it, or -1; empty if each has its own. */
    shared: number[];
};

type PageData = {
    floods: FloodData[];
    /** How wide the time is in a sequence. */
    width: number;
    fates: string[];
    states: string[];
    fateWords: { en: string[]; pt: string[] };
    sentences: { en: string[]; pt: string[] };
    words: Record<string, Words>;
};

/** Something that happens in a flood: which copy, servent or answer, and when. */
type FloodEvent = { kind: "sent" | "arrived" | "ended" | "reached" | "answered" | "heard"; index: number; at: number };

/** What only the page that is fed while it happens gets (src/live). */
type LivePart = { html: string; data: FloodData };
/** The latest floods of a question: the first of them has this number among all, and what is left out is said in HTML. */
type LiveNews = { version: number; first: number; notice: string; floods: LivePart[] };
type LiveServent = { servent: string; state: "serves" | "starts" | "stopped" | "died"; why: Words };
type LiveLinks = { loss: number; delay_ms: number; jitter_ms: number };
type LiveHello = {
    servents: LiveServent[];
    questions: { number: number; version: number }[];
    links: LiveLinks | null;
    entry: string;
};
