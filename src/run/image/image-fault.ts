/** What is wrong with an image, as it reads behind the image's name and a colon. */
export class ImageFault extends Error {}
