"""C3D weights as other frameworks store them: Chainer npz, Caffe model, and their mean files."""
