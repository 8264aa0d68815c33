"""Training as one writes it straight from the paper, to compare ours with: eager, one process, no layouts, no shortcuts.

Equations, losses, sizes and initial weights are those of the game it is compared with (it trains a copy of that game's modules), and so
are the random numbers. What differs is how they are computed:

* G_t by ``torchdiffeq.odeint_adjoint`` or ``torchsde.sdeint_adjoint``, as the paper's code has it;
* ``loss.backward()``, which also fills the gradients of the networks that the player does not train;
* fakes of a discriminator's turn by ``detach()``;
* singular value clipping by ``torch.linalg.svd``;
* MoCoGAN's single images from the whole pool of clips;
* one value per loss read every iteration;
* a ``DataLoader`` without worker processes that reads and converts one clip at a time;
* tensors and weights in PyTorch's default layout.
"""
