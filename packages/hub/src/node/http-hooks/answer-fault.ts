/** What is wrong with an answer, as the rest of a sentence about it. */
export class AnswerFault extends Error {}
