/**
 * Types that several modules share. Nothing here runs.
 *
 * @typedef {[number, number]} Point
 *
 * @typedef {object} Box A rounded box: see `vectorae.RoundedBox`; lengths in pixels, the angle in radians.
 * @property {Point} center
 * @property {Point} halfExtents
 * @property {number} angle
 * @property {number} roundness
 *
 * @typedef {object} Curve Segments or joined cubics, of one contour or several: see `vectorae.Path`.
 * @property {Point[]} points
 * @property {boolean | boolean[]} closed
 * @property {number} degree
 * @property {number[]} sizes
 * @property {string} fillRule
 *
 * @typedef {object} Stop
 * @property {number} offset
 * @property {number[]} color
 * @property {number} opacity
 *
 * @typedef {object} Gradient Points: start and end; or centre, ends of two conjugate radii, and the focus; in pixels.
 * @property {Point[]} points
 * @property {Stop[]} stops
 * @property {string} spread
 *
 * @typedef {object} Ends Ends and corners of a stroke; lengths in pixels.
 * @property {string} cap
 * @property {string} join
 * @property {number} miterLimit
 * @property {number[]} dashes
 * @property {number} dashOffset
 *
 * @typedef {object} Shape A painted outline; coordinates and lengths in pixels, colours and opacity in [0, 1].
 * @property {number} slot Its number among all shapes.
 * @property {string} kind
 * @property {Box | null} box
 * @property {Curve | null} curve One of the two is null.
 * @property {number[]} color One channel or three.
 * @property {number} opacity
 * @property {number | null} strokeWidth Null fills the outline.
 * @property {number[] | null} strokeColor Of an outline that is filled and stroked; its fill has `color`.
 * @property {boolean} strokeBelow
 * @property {number[] | null} contourOpacity Of contours that are stroked each for itself.
 * @property {Ends} ends
 * @property {Gradient | null} gradient What is seen instead of `color`.
 * @property {Gradient | null} strokeGradient What is seen instead of `strokeColor`.
 *
 * @typedef {object} Output One output of the network for one image.
 * @property {Float32Array} data
 * @property {number[]} shape Without the batch dimension.
 *
 * @typedef {Record<string, Output>} Outputs
 *
 * @typedef {object} Group Of `scene.json`: shapes of one kind.
 * @property {string} kind
 * @property {number[]} slots
 * @property {string[]} painted
 * @property {boolean} stroke_below
 * @property {{cap: string, join: string, miter_limit: number, dashes: number[], dash_offset: number}} ends
 * @property {'box' | 'path'} outline
 * @property {string} [roundness]
 * @property {boolean | boolean[]} [closed]
 * @property {number} [degree]
 * @property {number[]} [sizes]
 * @property {string} [fill_rule]
 * @property {{kind: string, spread: string}} [gradient]
 * @property {{kind: string, spread: string}} [stroke_gradient]
 *
 * @typedef {object} Scene The content of `scene.json`.
 * @property {string} made_by
 * @property {string} network
 * @property {null | {psnr_crisp: number, psnr_encoder_crisp: number, psnr_export_crisp?: number}} left_out
 * @property {{shape: [string, number, number, number], bars: 'edge' | 'black'}} input
 * @property {'over' | 'soft_or'} compositing
 * @property {Group[]} groups
 * @property {{name: string, shape: (string | number)[]}[]} outputs
 * @property {Record<string, number[]>} start The outputs that raw numbers of 0 stand for, flat.
 *
 * @typedef {object} Part A part of the drawing of the square, in its pixels.
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Frame A part of a drawing, and the size in pixels to show it at.
 * @property {Part} part
 * @property {number} width
 * @property {number} height
 *
 * @typedef {'pad' | 'crop' | 'stretch'} Resize How an image of any size becomes square.
 *
 * @typedef {object} Pixels Eight bits a channel, the channels of a pixel next to each other.
 * @property {Uint8Array | Uint8ClampedArray} data
 * @property {number} width
 * @property {number} height
 * @property {number} channels
 *
 * @typedef {object} Reply What the worker makes of an image.
 * @property {Outputs} outputs
 * @property {Pixels} square What the network saw.
 * @property {number} width Of the image, upright, in pixels.
 * @property {number} height
 * @property {string} device
 */
export {};
